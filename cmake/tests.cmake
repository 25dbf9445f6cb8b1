# Libraries of the modules that are built, for the tests' programs.
set(S3HLS_TEST_LIBRARIES)
foreach(library EXPAT JANSSON)
  if(TARGET PkgConfig::${library})
    list(APPEND S3HLS_TEST_LIBRARIES PkgConfig::${library})
  endif()
endforeach()

# What a client needs, whether or not keys can come from IoT Core, a container or an instance.
if(TARGET module_s3_endpoint)
  set(S3HLS_TEST_CLIENT s3 s3_endpoint)
else()
  set(S3HLS_TEST_CLIENT s3 s3_no_endpoint)
endif()

# s3hls_unit_test(NAME FILE... MODULES module... [LIBRARIES target...] [DEFINITIONS name...]): a cmocka program over these modules and what they
# use, label "unit". Tests over a module that is not built are not built either.
function(s3hls_unit_test name)
  cmake_parse_arguments(T "" "" "MODULES;LIBRARIES;DEFINITIONS" ${ARGN})
  foreach(module ${T_MODULES})
    if(NOT TARGET module_${module})
      return()
    endif()
  endforeach()
  s3hls_module_objects(objects ${T_MODULES})
  add_executable(unit_${name} ${T_UNPARSED_ARGUMENTS} ${objects})
  target_include_directories(unit_${name} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src
                             ${PROJECT_SOURCE_DIR}/tests/support)
  target_link_libraries(unit_${name} PRIVATE PkgConfig::CMOCKA PkgConfig::CURL ${T_LIBRARIES} ${S3HLS_TEST_LIBRARIES}
                        ${S3HLS_CRYPTO_LIBRARY} ${S3HLS_FLAC_LIBRARY} Threads::Threads)
  target_compile_definitions(unit_${name} PRIVATE ${T_DEFINITIONS})
  add_test(NAME unit.${name} COMMAND unit_${name})
  set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 180)
endfunction()

# s3hls_fuzz_target(NAME FILE... MODULES module... [LIBRARIES target...]): a libFuzzer program; its corpus is tests/fuzz/corpus/NAME.
function(s3hls_fuzz_target name)
  cmake_parse_arguments(T "" "" "MODULES;LIBRARIES" ${ARGN})
  s3hls_module_objects(objects ${T_MODULES})
  add_executable(fuzz_${name} ${T_UNPARSED_ARGUMENTS} ${objects})
  target_include_directories(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  add_dependencies(fuzz fuzz_${name})
  target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(fuzz_${name} PRIVATE PkgConfig::CURL ${T_LIBRARIES} ${S3HLS_CRYPTO_LIBRARY} ${S3HLS_TEST_LIBRARIES}
                        ${S3HLS_FLAC_LIBRARY} Threads::Threads)
endfunction()
